"""A hub of our own on 127.0.0.1: it serves folders as models, or answers as an ailing hub does.

Only what helpers/machine/hub.py meets is here: a model's page with its files and sizes, the list of its
files, and the files themselves, from any byte on.
"""

import hashlib
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub

from helpers.machine import hub

SECONDS_OF_SILENCE = 5


class Hub:
    """`models` is {"owner/name": folder}; `answers` {"owner/name": a status, with headers, or "silence"}.

    `cut` is {name of a file: how many bytes of it are sent before the line goes dead}. `served` counts the
    bytes that were sent of each file.
    """

    def __init__(self):
        self.models, self.answers, self.cut, self.served = {}, {}, {}, {}
        self.lock = threading.Lock()


def etag(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        parts = urlsplit(self.path).path.strip("/").split("/")
        is_api = parts[:2] == ["api", "models"]
        model = "/".join(parts[2:4] if is_api else parts[:2])
        hub = self.server.hub
        if model in hub.answers:
            return self.ail(*hub.answers[model])
        if model not in hub.models:
            return self.ail(404, {"X-Error-Code": "RepoNotFound"})
        folder = Path(hub.models[model])
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        if is_api:
            names = [(file.relative_to(folder).as_posix(), file.stat().st_size) for file in files]
            if parts[4] == "tree":
                rows = [{"type": "file", "path": n, "size": size, "oid": "0" * 40} for n, size in names]
            else:
                rows = {"id": model, "sha": parts[-1]}
                rows["siblings"] = [{"rfilename": n, "size": size, "blobId": "0" * 40} for n, size in names]
            return self.send(200, json.dumps(rows).encode(), {"Content-Type": "application/json"}, body)
        revision, name = parts[3], "/".join(parts[4:])
        if not (folder / name).is_file():
            return self.ail(404, {"X-Error-Code": "EntryNotFound"})
        headers = {"ETag": f'"{etag(folder / name)}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}
        whole = (folder / name).read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(whole) - 1}/{len(whole)}"
        self.send(206 if begin else 200, whole[begin:], headers, body, name)

    def ail(self, status, headers=None):
        if status == "silence":
            time.sleep(SECONDS_OF_SILENCE)
            self.close_connection = True
            return
        self.send(status, b"", headers or {}, True)

    def send(self, status, content, headers, body, name=None):
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if not body:
            return
        cut = name in self.server.hub.cut
        sent = content[: self.server.hub.cut[name]] if cut else content
        if cut:
            self.server.hub.cut[name] = 0
        with self.server.hub.lock:
            self.server.hub.served[name] = self.server.hub.served.get(name, 0) + len(sent)
        self.wfile.write(sent)
        if cut:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away is no news."""


@contextmanager
def serving():
    """A hub and its address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.hub = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def reach(monkeypatch, address, cache):
    """What HF_ENDPOINT and HF_HOME do where they are set before Python starts."""
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)  # bytes; a real one is a cut's greatest loss
    monkeypatch.setattr(hub, "SECONDS", 1)
    monkeypatch.delenv("HF_TOKEN", raising=False)
