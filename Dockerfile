# Parlor against a PostgreSQL of yours (DATABASE_URL) or, without one, with the embedded one in /data.
FROM python:3.13-slim AS build
WORKDIR /parlor
COPY requirements/parlor.txt requirements/parlor.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/parlor.txt
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
# A user with a name: PostgreSQL refuses root, and a number that no account has.
RUN useradd --system --create-home --uid 10001 parlor && install -d -o parlor -g parlor /data
COPY --from=build /venv /venv
USER parlor
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"
ENTRYPOINT ["parlor"]
CMD ["serve", "--host", "0.0.0.0", "--data", "/data"]
