"""A model of the Hugging Face Hub, on this machine: fetched once, at one revision, only what is missing."""

import errno
import os
from fnmatch import fnmatch
from pathlib import Path

import huggingface_hub.constants
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import enable_progress_bars

from helpers.errors import DiskError, ModelError, silent_if_it_fails
from helpers.machine.disk import CLOSED, FULL, check_room

SECONDS = 20  # to wait for the Hub's first word
AGAIN = "and run this again, which fetches only what is missing"


def hub_folder(model, revision, files):
    """The folder that holds `files` (names, or patterns with *) of a model "owner/name" at a revision.

    What of them isn't in the Hub's cache yet is downloaded; a bar shows how far it is. Raises ModelError
    where that can't be, in one sentence that names the cause and the cure.
    """
    wanted = {"repo_id": model, "revision": revision, "allow_patterns": files}
    try:
        folder = Path(snapshot_download(**wanted, local_files_only=True))
        if not missing(folder, files):
            return folder
    except LocalEntryNotFoundError:  # nothing is here yet, or only a part
        folder = _cache() / f"models--{model.replace('/', '--')}" / "snapshots" / revision
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        raise ModelError(
            f"{model} is not complete on this machine, and the environment variable HF_HUB_OFFLINE (or "
            "TRANSFORMERS_OFFLINE) forbids to download it: unset it and restart the kernel, or go on offline "
            "with MODEL = POCKET."
        )
    try:
        on_hub = HfApi().model_info(model, revision=revision, timeout=SECONDS, files_metadata=True).siblings
        sizes = {each.rfilename: each.size or 0 for each in on_hub}
        if lacking := [file for file in files if not any(fnmatch(name, file) for name in sizes)]:
            raise EntryNotFoundError(lacking[0])
        check_room(_cache(), _still_to_fetch(sizes, files, folder), "it")
        if huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
            enable_progress_bars()  # with their own, transformers and diffusers turn these off, too
        with silent_if_it_fails():
            return Path(snapshot_download(**wanted, etag_timeout=SECONDS))
    except Exception as error:  # each library underneath has errors of its own
        raise ModelError(
            f"{model} could not be downloaded, because {_why(error, model, revision)}."
        ) from error


def missing(folder, files):
    """Those of the names and patterns that no file of `folder` has: another program may have left a part."""
    return [file for file in files if not any(found.is_file() for found in folder.glob(file))]


def _cache():
    return Path(huggingface_hub.constants.HF_HUB_CACHE)


def _still_to_fetch(sizes, files, folder):
    """Bytes of the wanted files that are not here."""
    wanted = {name: size for name, size in sizes.items() if any(fnmatch(name, file) for file in files)}
    return sum(size for name, size in wanted.items() if not (folder / name).is_file())


def _why(error, model, revision):
    """The cause of a failed download, and what to do, without the full stop."""
    hub = huggingface_hub.constants.ENDPOINT.split("://")[-1]
    page = f"{huggingface_hub.constants.ENDPOINT}/{model}"
    otherwise = "or go on offline with MODEL = POCKET"
    chain = list(_chain(error))
    numbers = {each.errno for each in chain if isinstance(each, OSError)}
    kinds = {kind.__name__ for each in chain for kind in type(each).__mro__}
    status = next((each.response.status_code for each in chain if isinstance(each, HfHubHTTPError)), None)

    def is_a(*classes):
        return any(isinstance(each, classes) for each in chain)

    if is_a(DiskError):
        return str(error).rstrip(".")
    if numbers & FULL:
        return f"the disk is full: free some space {AGAIN}, {otherwise}"
    if numbers & CLOSED:
        return (
            f"{_cache()} is read-only for you: set the environment variable HF_HOME to a folder of your own, "
            f"restart the kernel and run this again, {otherwise}"
        )
    if is_a(GatedRepoError):
        return (
            f"its owners ask you to accept their terms first: do that on {page}, log in with `hf auth login` "
            f"(or set HF_TOKEN) and run this again, {otherwise}"
        )
    if is_a(RevisionNotFoundError):
        return f"it has no revision {revision}: take one from {page}/commits, {otherwise}"
    if status == 401 and os.environ.get("HF_TOKEN"):
        return f"{hub} does not accept your token: renew or unset HF_TOKEN and run this again, {otherwise}"
    if is_a(RepositoryNotFoundError):
        return f"{hub} shows no such model to you: look for a slip in its name, {otherwise}"
    if is_a(EntryNotFoundError) and not is_a(LocalEntryNotFoundError):
        return f"it has no file {error}, without which it can't be read here: take another model, {otherwise}"
    if status in (401, 403):
        return (
            f"{hub} does not let you have it ({status}): log in with `hf auth login` and look on {page} "
            f"whether you may, {otherwise}"
        )
    if status == 429:
        return f"{hub} has had too many requests from here: wait some minutes {AGAIN}, {otherwise}"
    if status and status >= 500:
        return f"{hub} has a fault of its own ({status}): wait some minutes {AGAIN}, {otherwise}"
    if status:
        return f"{hub} answered {status}: look at {page} in a browser, {otherwise}"
    if kinds & {"TimeoutError", "TimeoutException", "Timeout"} or errno.ETIMEDOUT in numbers:
        return f"{hub} did not answer in time: wait or try another network {AGAIN}, {otherwise}"
    if kinds & {"ConnectionError", "ConnectError", "ProxyError", "gaierror"}:
        return f"{hub} can't be reached: check the network {AGAIN}, {otherwise}"
    if kinds & {"TransportError", "IncompleteRead"} or "onsistency check failed" in str(error):
        return f"the connection was cut: look after the network {AGAIN}, {otherwise}"
    return f"{type(error).__name__} stopped it: check the network and the disk {AGAIN}, {otherwise}"


def _chain(error):
    """An error, and those that it came from."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return seen
