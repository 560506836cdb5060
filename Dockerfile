FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY hedger hedger
COPY config config
RUN python -m venv /opt/hedger \
    && /opt/hedger/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres]'

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/hedger hedger
COPY --from=build /opt/hedger /opt/hedger
COPY config /etc/hedger
# Inside a container loopback is the container's own: listen on its address, and publish the port on the host's
# loopback only (`-p 127.0.0.1:8787:8787`). Requests must still name loopback in their Host header, or one of
# HEDGER_WEB__ALLOWED_HOSTS.
ENV PATH=/opt/hedger/bin:$PATH PYTHONUNBUFFERED=1 HEDGER_STATE_DIR=/var/lib/hedger \
    HEDGER_WEB__HOST=0.0.0.0 HEDGER_WEB__ALLOW_REMOTE=true
USER 10001
WORKDIR /var/lib/hedger
VOLUME ["/var/lib/hedger"]
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/healthz', timeout=2)"]
ENTRYPOINT ["hedger"]
CMD ["run", "-c", "/etc/hedger/deribit-testnet.toml"]
