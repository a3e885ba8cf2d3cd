# Build with the development tools, run with production dependencies only, as a user without rights.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY scripts/build.mjs ./scripts/
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY proto ./proto
COPY calendars ./calendars
# 65532 is "nonroot" in distroless images too, so one runAsUser fits both.
USER 65532:65532
EXPOSE 6000 8080
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve", "--config", "/etc/bellwether/bellwether.yaml"]
