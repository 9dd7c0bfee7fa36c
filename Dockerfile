# One image for every process of Sokham; compose.yaml says which one a container is.

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-fund --no-audit

# The version that the tests run on. Every locked library has a wheel for it, so that no compiler is needed.
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY . .
COPY --from=assets /build/node_modules node_modules
# As on a developer's machine the code stays where it is and the environment points to it.
RUN /venv/bin/pip install --no-deps --no-build-isolation -e . \
    && /venv/bin/python -m manage.assets \
    && for po in */translations/*/LC_MESSAGES/*.po; do /venv/bin/pybabel -q compile -i "$po" -o "${po%.po}.mo"; done \
    && rm -rf node_modules
# The user whom the processes run as may not write here: without this each would compile all its code at every start.
RUN /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash \
    kernel keys central tenant_app patient_portal sync_worker live jobs migrations manage

FROM python:3.11-slim
RUN groupadd --gid 10001 sokham && useradd --uid 10001 --gid sokham --no-create-home --home-dir /nonexistent sokham \
    && install -d -o sokham -g sokham -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 SOKHAM_DATA_DIR=/data SOKHAM_ENVIRONMENT=production
USER sokham
CMD ["sokham", "--help"]
