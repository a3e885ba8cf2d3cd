// KEDA's own client of external scalers, without the rest of KEDA: polls one trigger and holds push streams open, as the
// operator would, and prints what it was told as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kedacore/keda/v2/pkg/scalers"
	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
)

type report struct {
	MetricName string `json:"metricName"`
	Target     string `json:"target"`
	// Polls by the value that they got.
	Values map[string]int `json:"values"`
	Active int            `json:"active"`
	Errors []string       `json:"errors"`
	// Streams that said `true` at least once.
	Woken int `json:"woken"`
}

func main() {
	namespace := flag.String("namespace", "", "of the ScaledObject")
	metadata := flag.String("metadata", "{}", "of the trigger, as JSON")
	callers := flag.Int("callers", 1, "that poll at once")
	polls := flag.Int("polls", 1, "of each caller")
	streams := flag.Int("streams", 0, "that are open at once")
	patience := flag.Duration("patience", 30*time.Second, "with all of it")
	flag.Parse()

	trigger := map[string]string{}
	if err := json.Unmarshal([]byte(*metadata), &trigger); err != nil {
		fmt.Fprintln(os.Stderr, "metadata must be a JSON object of texts:", err)
		os.Exit(2)
	}
	config := &scalersconfig.ScalerConfig{
		ScalableObjectName:      "vllm",
		ScalableObjectNamespace: *namespace,
		ScalableObjectType:      "ScaledObject",
		TriggerMetadata:         trigger,
		ResolvedEnv:             map[string]string{},
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	told := &report{Values: map[string]int{}, Errors: []string{}}
	pollAll(ctx, config, told, *callers, *polls)
	streamAll(ctx, config, told, *streams)
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		os.Exit(1)
	}
}

func pollAll(ctx context.Context, config *scalersconfig.ScalerConfig, told *report, callers, polls int) {
	var lock sync.Mutex
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			scaler, err := scalers.NewExternalScaler(config)
			if err != nil {
				lock.Lock()
				defer lock.Unlock()
				told.Errors = append(told.Errors, err.Error())
				return
			}
			defer scaler.Close(ctx)
			for range polls {
				poll(ctx, scaler, told, &lock)
			}
		})
	}
	group.Wait()
}

// One evaluation, in the operator's order.
func poll(ctx context.Context, scaler scalers.Scaler, told *report, lock *sync.Mutex) {
	specs := scaler.GetMetricSpecForScaling(ctx)
	if len(specs) != 1 {
		lock.Lock()
		defer lock.Unlock()
		told.Errors = append(told.Errors, fmt.Sprintf("%d metric specs", len(specs)))
		return
	}
	external := specs[0].External
	values, active, err := scaler.GetMetricsAndActivity(ctx, external.Metric.Name)
	lock.Lock()
	defer lock.Unlock()
	told.MetricName = external.Metric.Name
	told.Target = fmt.Sprintf("%s %s", external.Target.Type, external.Target.AverageValue)
	if err != nil {
		told.Errors = append(told.Errors, err.Error())
		return
	}
	for _, value := range values {
		told.Values[value.Value.String()]++
	}
	if active {
		told.Active++
	}
}

// Opens the streams, waits until each has said `true`, and closes them.
func streamAll(ctx context.Context, config *scalersconfig.ScalerConfig, told *report, streams int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	woken := make(chan struct{})
	for range streams {
		scaler, err := scalers.NewExternalPushScaler(config)
		if err != nil {
			told.Errors = append(told.Errors, err.Error())
			return
		}
		active := make(chan bool)
		go scaler.Run(ctx, active)
		go reportFirst(ctx, active, woken)
	}
	for range streams {
		select {
		case <-woken:
			told.Woken++
		case <-ctx.Done():
			return
		}
	}
}

func reportFirst(ctx context.Context, active <-chan bool, woken chan<- struct{}) {
	said := false
	for result := range active {
		if !result || said {
			continue
		}
		said = true
		select {
		case woken <- struct{}{}:
		case <-ctx.Done():
		}
	}
}
