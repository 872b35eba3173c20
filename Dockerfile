# The service with the packaged engine, on a CPU:
#
#   docker build -t enunciate . && docker run --rm -p 8000:8000 enunciate
#
# and with all that can be taken from it: docker compose up

FROM python:3.12-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/enunciate
COPY pyproject.toml README.md LICENSE NOTICE THIRD_PARTY.md ./
COPY src ./src
RUN /opt/enunciate/bin/pip install --no-cache-dir --disable-pip-version-check ".[serve]" \
    && rm -rf /opt/enunciate/bin/pip* /opt/enunciate/lib/python3.12/site-packages/pip*

FROM python:3.12-slim-bookworm
COPY --from=build /opt/enunciate /opt/enunciate
ENV PATH=/opt/enunciate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["enunciate", "serve", "--host", "0.0.0.0", "--port", "8000"]
