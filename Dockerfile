# The Go version is go.mod's. The pages are in the checkout, already bundled.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/citywatch ./cmd/citywatch
# Docker copies this folder's owner onto the volume that is mounted over it.
RUN mkdir -p /out/data

# The program, and ffmpeg, which makes pictures of the cameras' key frames. The
# program itself needs nothing of the system.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates ffmpeg && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/citywatch /usr/bin/citywatch
COPY --from=build --chown=65532:65532 /out/data /var/lib/citywatch
USER 65532:65532
VOLUME /var/lib/citywatch
EXPOSE 8480
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["/usr/bin/citywatch", "healthcheck"]
ENTRYPOINT ["/usr/bin/citywatch"]
CMD ["serve", "--config", "/etc/citywatch/citywatch.yaml"]
