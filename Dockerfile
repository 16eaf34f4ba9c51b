# syntax=docker/dockerfile:1
# docker build -t haat .
# The program is one file: it brings its migrations, templates, fonts and TLS with it.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches outlive the layer, so that a second build compiles only what changed; hence the copy out of the target directory.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin haat && cp target/release/haat /usr/local/bin/haat

FROM debian:bookworm-slim
# Certificate authorities, for Stripe and for pictures by URL.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/haat --create-home --shell /usr/sbin/nologin haat
COPY --from=build /usr/local/bin/haat /usr/local/bin/haat

# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/haat
VOLUME ["/var/lib/haat"]
ENV HAAT_BIND=0.0.0.0:8080
EXPOSE 8080
# The image has no curl: the program asks itself. The first start applies the migrations.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["haat"]
CMD ["serve"]
