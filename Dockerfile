FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/var/lib/shoppingplace
RUN useradd --system --uid 10001 shop && install -d -o shop /var/lib/shoppingplace
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
USER shop
EXPOSE 8000
# At start, since VAR_DIR is a volume: it would hide what the image holds there.
CMD ["sh", "-c", "python manage.py collectstatic --noinput -v0 && exec gunicorn shoppingplace.wsgi --bind 0.0.0.0:8000 --worker-class gthread --workers 2 --threads 16"]
