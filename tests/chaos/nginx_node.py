"""A thousand calls whose client wants a whole answer of an upstream that streams, through a real
nginx in front of a real Node server, and how many bodies came back empty. No test.

    .venv/bin/python tests/chaos/nginx_node.py [--calls 1000] [--clients 8]

Needs `nginx` and `node` (apt-get install nginx nodejs). Node streams a chat answer in pieces with
pauses of random length, ends some bodies in the same write as `[DONE]` and others later; nginx
passes them on unbuffered, buffered and gzipped in turn, over HTTP/1.1 and 1.0. Printed: how many
answers were whole, by way. Exit 1 when one was not.
"""

import argparse
import asyncio
import shutil
import socket
import sys
import tempfile
from collections import Counter
from pathlib import Path

import aiohttp

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "e2e"))

from fakes import CLIENT_KEY, Gateway  # noqa: E402  (the path comes first)

WORDS = "every word of it is there"
NODE = """
const http = require("http");
const words = %r.split(" ");
const chunk = (delta, finish) => "data: " + JSON.stringify({id: "c1",
  object: "chat.completion.chunk", created: 1, model: "m",
  choices: [{index: 0, delta, finish_reason: finish}]}) + "\\n\\n";
const later = () => new Promise((done) =>
  Math.random() < 0.5 ? setImmediate(done) : setTimeout(done, Math.random() * 4));
http.createServer((request, response) => {
  request.resume();
  request.on("end", async () => {
    response.writeHead(200, {"content-type": "text/event-stream"});
    for (const [number, word] of words.entries()) {
      response.write(chunk({content: (number ? " " : "") + word}, null));
      await later();
    }
    const end = chunk({}, "stop") + "data: [DONE]\\n\\n";
    if (Math.random() < 0.3) return response.end(end);
    const cut = 1 + Math.floor(Math.random() * (end.length - 1));
    response.write(end.slice(0, cut));
    await later();
    response.end(end.slice(cut));
  });
}).listen(+process.argv[2], "127.0.0.1", () => console.log("ready"));
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /plain/ {{ proxy_pass http://127.0.0.1:{node}/; proxy_buffering off;
      proxy_http_version 1.1; proxy_set_header connection ""; }}
    location /buffered/ {{ proxy_pass http://127.0.0.1:{node}/; }}
    location /gzip/ {{ proxy_pass http://127.0.0.1:{node}/; gzip on; gzip_min_length 1;
      gzip_proxied any; gzip_types text/event-stream; gzip_http_version 1.0; }}
  }}
}}
"""
WAYS = ("plain", "buffered", "gzip")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def configuration(port):
    providers = [
        {
            "provider": way,
            "base_url": f"http://127.0.0.1:{port}/{way}/v1",
            "api": "key-0123456789",
            "model": [{"m": way}],
            "preferences": {"post_body_parameter_overrides": {"stream": True}},
        }
        for way in WAYS
    ]
    return {"providers": providers, "api_keys": [{"api": CLIENT_KEY}]}


async def client(session, url, calls, whole, broken):
    while calls:
        way = WAYS[calls.pop() % len(WAYS)]
        body = {"model": way, "messages": [{"role": "user", "content": "hi"}]}
        async with session.post(url + "/v1/chat/completions", json=body) as answer:
            said = await answer.text()
        if answer.status == 200 and WORDS in said:
            whole[way] += 1
        else:
            broken[f"{way} {answer.status} {said[:80]!r}"] += 1


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8)
    chosen = parser.parse_args()
    nginx, node = shutil.which("nginx"), shutil.which("node")
    if nginx is None or node is None:
        print("nginx and node are needed: apt-get install nginx nodejs")
        return 2
    node_port, port = free_port(), free_port()
    whole, broken = Counter(), Counter()
    with tempfile.TemporaryDirectory(prefix="uniapi-nginx-") as folder:
        (Path(folder) / "server.js").write_text(NODE % WORDS)
        (Path(folder) / "nginx.conf").write_text(
            NGINX.format(folder=folder, port=port, node=node_port)
        )
        pipe = asyncio.subprocess.PIPE
        server = await asyncio.create_subprocess_exec(
            node, f"{folder}/server.js", str(node_port), stdout=pipe
        )
        await server.stdout.readline()
        front = await asyncio.create_subprocess_exec(nginx, "-c", f"{folder}/nginx.conf")
        gateway = Gateway(Path(folder))
        try:
            await gateway.start(configuration(port))
            headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
            async with aiohttp.ClientSession(headers=headers) as session:
                calls = list(range(chosen.calls))
                clients = (
                    client(session, gateway.url, calls, whole, broken)
                    for _ in range(chosen.clients)
                )
                await asyncio.gather(*clients)
        finally:
            await gateway.stop()
            for one in (front, server):
                one.terminate()
                await one.wait()
    print(f"whole {sum(whole.values())} of {chosen.calls}: {dict(sorted(whole.items()))}")
    for what, number in broken.most_common(10):
        print(number, what)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
