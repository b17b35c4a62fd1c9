# Two images from one file:
#   docker build -t kb-service:0.1.0 .                         answers; no torch, no parser of content
#   docker build -t kb-publisher:0.1.0 --target publisher .    publishes content/
# A build needs the base image and PyPI, nothing else. PIP_INDEX_URL and PIP_EXTRA_INDEX_URL point it to mirrors.

FROM python:3.11.14-slim-bookworm AS base

# --- what serving needs
FROM base AS serving
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /src
RUN python -m venv /opt/kb/venv
ENV PATH=/opt/kb/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml requirements.lock README.md ./
COPY kb_service kb_service
COPY ingest ingest
COPY eval eval
RUN --mount=type=cache,target=/root/.cache/pip pip install -c requirements.lock '.[postgres,server]'

# --- what publishing needs besides
FROM serving AS publishing
RUN --mount=type=cache,target=/root/.cache/pip pip install -c requirements.lock '.[ingest,postgres,server]'

# --- the model: torch stays in this stage. The phrasings of the content are what it is compared on.
FROM publishing AS model
RUN --mount=type=cache,target=/root/.cache/pip pip install -c requirements.lock '.[ingest,model]'
COPY content content
RUN KB_HOME=/build kb-content model build && rm -r /build/models/*/source

# --- what both images share
FROM base AS runtime
RUN groupadd --gid 10001 kb \
    && useradd --uid 10001 --gid kb --home-dir /var/lib/kb --shell /usr/sbin/nologin kb \
    && install --directory --owner=kb --group=kb /var/lib/kb
ENV PATH=/opt/kb/venv/bin:$PATH KB_HOME=/var/lib/kb KB_HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /opt/kb
COPY --from=model /build/models models
COPY --chmod=755 deploy/entrypoint.sh bin/entrypoint
USER 10001:10001
ENTRYPOINT ["/opt/kb/bin/entrypoint"]

FROM runtime AS publisher
COPY --from=publishing /opt/kb/venv venv
COPY content content
CMD ["kb-content", "publish"]

# The last stage is the one that is built unless another is named.
FROM runtime AS service
COPY --from=serving /opt/kb/venv venv
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["kb-serve"]
