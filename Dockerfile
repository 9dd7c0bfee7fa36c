# One image for every process of Sokham; compose.yaml says which one a container is.

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-fund --no-audit

FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation .
COPY --from=assets /build/node_modules node_modules
RUN /venv/bin/python -m manage.assets \
    && for po in */translations/*/LC_MESSAGES/*.po; do /venv/bin/pybabel -q compile -i "$po" -o "${po%.po}.mo"; done \
    && rm -rf node_modules tests benchmarks

FROM python:3.13-slim
RUN groupadd --gid 10001 sokham && useradd --uid 10001 --gid sokham --no-create-home --home-dir /nonexistent sokham \
    && install -d -o sokham -g sokham -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 SOKHAM_DATA_DIR=/data SOKHAM_ENVIRONMENT=production
USER sokham
VOLUME /data
ENTRYPOINT []
CMD ["sokham", "--help"]
