{{- define "bellwether.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bellwether.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "bellwether.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "bellwether.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "bellwether.selectorLabels" -}}
app.kubernetes.io/name: {{ include "bellwether.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bellwether.labels" -}}
{{ include "bellwether.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "bellwether.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "bellwether.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "bellwether.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Names of the ConfigMaps that are mounted; empty where there is nothing to mount. */}}
{{- define "bellwether.configMap" -}}
{{- default (printf "%s-config" (include "bellwether.fullname" .)) .Values.existingConfigMaps.config -}}
{{- end -}}
{{- define "bellwether.policiesConfigMap" -}}
{{- if .Values.existingConfigMaps.policies -}}
{{- .Values.existingConfigMaps.policies -}}
{{- else if .Values.policies -}}
{{- printf "%s-policies" (include "bellwether.fullname" .) -}}
{{- end -}}
{{- end -}}
{{- define "bellwether.calendarsConfigMap" -}}
{{- if .Values.existingConfigMaps.calendars -}}
{{- .Values.existingConfigMaps.calendars -}}
{{- else if .Values.calendars -}}
{{- printf "%s-calendars" (include "bellwether.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "bellwether.tlsSecret" -}}
{{- default (printf "%s-tls" (include "bellwether.fullname" .)) .Values.tls.existingSecret -}}
{{- end -}}

{{/* bellwether.yaml: what is given, and what the chart knows better. */}}
{{- define "bellwether.config" -}}
{{- $http := "0.0.0.0:8080" -}}
{{- if .Values.http.bearerToken.existingSecret -}}
{{- $http = dict "address" "0.0.0.0:8080" "bearerTokenFile" (printf "/etc/bellwether/http/%s" .Values.http.bearerToken.key) -}}
{{- end -}}
{{- $calendars := list -}}
{{- if include "bellwether.calendarsConfigMap" . -}}
{{- $calendars = append $calendars "../calendars/*.yaml" -}}
{{- end -}}
{{- if not .Values.existingConfigMaps.calendars -}}
{{- range .Values.shippedCalendars -}}
{{- $calendars = append $calendars (printf "/app/calendars/%s.yaml" .) -}}
{{- end -}}
{{- end -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" (dict "grpc" "0.0.0.0:6000" "http" $http) -}}
{{- $kubernetes := dict "enabled" .Values.kubernetes.enabled -}}
{{- if .Values.kubernetes.namespaces -}}
{{- $_ := set $kubernetes "namespaces" .Values.kubernetes.namespaces -}}
{{- end -}}
{{- if .Values.kubernetes.podDeletionCost -}}
{{- $_ := set $kubernetes "podDeletionCost" true -}}
{{- end -}}
{{- $_ := set $config "kubernetes" $kubernetes -}}
{{- if include "bellwether.policiesConfigMap" . -}}
{{- $_ := set $config "policies" (list "../policies/*.yaml") -}}
{{- end -}}
{{- if $calendars -}}
{{- $_ := set $config "calendars" $calendars -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- $tls := dict "certFile" "/etc/bellwether/tls/tls.crt" "keyFile" "/etc/bellwether/tls/tls.key" -}}
{{- if .Values.tls.clientCa.enabled -}}
{{- $_ := set $tls "clientCaFile" (printf "/etc/bellwether/client-ca/%s" .Values.tls.clientCa.key) -}}
{{- end -}}
{{- $_ := set $config "tls" $tls -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
