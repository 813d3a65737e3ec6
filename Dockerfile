# The portal's image for web, worker and scheduler. Three stages: front-end files, Python packages, and the result, which has
# neither npm nor a compiler and does not run as root.

FROM node:22-bookworm-slim AS frontend
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /venv
COPY requirements/base.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r base.txt

FROM python:3.11-slim-bookworm
# WeasyPrint lays out text with Pango; DejaVu is the fallback for letters the portal's own font lacks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/nsi --create-home nsi \
    && install -d -o nsi -g nsi /var/lib/nsi/files
COPY --from=packages /venv /venv
WORKDIR /app
COPY --from=frontend /build/node_modules node_modules
COPY . .
RUN /venv/bin/python scripts/make_icons.py && /venv/bin/python scripts/compile_messages.py
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NSI_MODE=production \
    NSI_VAR=/var/lib/nsi
USER nsi
# The settings insist on their variables; collecting static files uses none of them, and none of these stays in the image.
RUN SECRET_KEY=only-while-the-image-is-built-0123456789-abcdefghijklmnopqrstuvwxyz \
    ALLOWED_HOSTS=build.invalid PUBLIC_URL=https://build.invalid \
    DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input --verbosity 0
VOLUME /var/lib/nsi/files
EXPOSE 8000
CMD ["gunicorn", "nsi_portal.wsgi:application", "--bind", "0.0.0.0:8000"]
