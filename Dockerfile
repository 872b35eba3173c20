# The service with the packaged engine, on a CPU:
#
#   docker build -t enunciate . && docker run --rm -p 8000:8000 enunciate
#
# With as few rights as possible: docker compose up

FROM python:3.12-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/tools && python -m venv --without-pip /opt/enunciate
COPY requirements/build.txt requirements/serve.txt requirements/
RUN /opt/tools/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/build.txt \
    && /opt/tools/bin/pip --python /opt/enunciate/bin/python install --no-cache-dir --no-deps --require-hashes \
    -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE NOTICE THIRD_PARTY.md ./
COPY src ./src
RUN /opt/tools/bin/python -m build --no-isolation --wheel --outdir dist \
    && /opt/tools/bin/pip --python /opt/enunciate/bin/python install --no-cache-dir --no-deps dist/*.whl

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
