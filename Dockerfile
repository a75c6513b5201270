# For those who want a container; the program needs none. The paths are those of the older uni-api: /home/api.yaml, /home/data, port 8000.
#   docker build -t uni-api . && docker run -p 127.0.0.1:8001:8000 -v ./api.yaml:/home/api.yaml:ro -v uniapi_data:/home/data uni-api
# 3.14: the first Python that reads zstd request bodies, which Codex sends.
FROM python:3.14-slim
COPY packaging/pure.txt packaging/pyyaml.txt packaging/build-constraints.txt /app/packaging/
RUN PYYAML_FORCE_LIBYAML=0 pip install --no-cache-dir --root-user-action=ignore --require-hashes --build-constraint /app/packaging/build-constraints.txt \
    -r /app/packaging/pure.txt -r /app/packaging/pyyaml.txt
COPY main.py /app/
COPY uniapi /app/uniapi
RUN python -m compileall -q /app/main.py /app/uniapi && mkdir -p /home/data && chown 1000:1000 /home/data && chmod 700 /home/data
# Not as root. A volume of Docker's takes the owner of /home/data; a folder of the host's, mounted there, must belong to this user (`chown 1000:1000 FOLDER`), or
# the container run as its owner (`--user "$(id -u):$(id -g)"`): a data dir of another user is refused, and then nothing is kept. api.yaml must be readable to it.
USER 1000:1000
WORKDIR /home
EXPOSE 8000
HEALTHCHECK --interval=60s --timeout=5s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz\", timeout=4)"]
ENTRYPOINT ["python", "/app/main.py"]
