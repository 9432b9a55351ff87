# One node of Beeline. For production, pin the image by its digest:
#     docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… -t beeline .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx nest build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the process can read its program and not change it.
COPY package.json LICENSE ./
COPY scripts/token.mjs ./scripts/
COPY public ./public
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# By number: Kubernetes can tell only then that it is not root.
USER 1000:1000
EXPOSE 3000
# Kubernetes has its own probes; this is for Compose. No curl is needed for it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The exec form: node is PID 1 and gets SIGTERM itself.
CMD ["node", "dist/main.js"]
