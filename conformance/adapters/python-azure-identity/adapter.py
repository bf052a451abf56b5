"""Adapter for azure-identity: translates requests into calls of the library, and what it returns into replies.

It judges nothing, retries nothing, and sets nothing that a request does not ask for: an option that is absent from
`open` is not passed, so that the library's own default is what is tested.
"""

import base64
import importlib.metadata
import io
import json
import logging
import os
import sys
import traceback

VERSION = "1"
HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "statement.json"), encoding="utf-8") as file:
    STATEMENT = json.load(file)


class Unsupported(Exception):
    """The library cannot do what was asked."""


class LibraryError(Exception):
    """The library raised; `error` is what it raised and `phase` is when."""

    def __init__(self, error, phase):
        super().__init__()
        self.error = error
        self.phase = phase


class Session:
    """One process life: opened stores, the last error, and the library's log where that was asked for."""

    def __init__(self):
        self.stores = {}
        self.last_error = None
        self.log = None

    def hello(self, request):
        if 1 not in request["protocol"]:
            raise Unsupported("protocol", "this adapter speaks version 1")
        try:
            version = importlib.metadata.version("azure-identity")
        except importlib.metadata.PackageNotFoundError:
            print("azure-identity is not installed for " + sys.executable, file=sys.stderr)
            sys.exit(89)
        if request.get("log") == "max":
            self.log = io.StringIO()
            for stream in (sys.stderr, self.log):
                logging.getLogger().addHandler(logging.StreamHandler(stream))
            logging.getLogger().setLevel(logging.DEBUG)
        return {
            "protocol": 1,
            "implementation": {"name": "azure-identity", "version": version},
            "adapter": {"name": "python-azure-identity", "version": VERSION},
            "statement": STATEMENT,
        }

    def open(self, request):
        if request.get("credential") not in (None, "client_secret"):
            raise Unsupported("credential:" + request["credential"], "this adapter knows client_secret only")
        authority = request["authority"]
        # Both are read by the layers below the library, so they are set before it is imported.
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = authority["ca_file"]
        from azure.identity import ClientSecretCredential, TokenCachePersistenceOptions

        try:
            options = TokenCachePersistenceOptions(**request["options"])
            credential = ClientSecretCredential(
                authority["tenant"],
                authority["client_id"],
                authority["client_secret"],
                authority=authority["url"],
                disable_instance_discovery=True,
                cache_persistence_options=options,
            )
        except Exception as error:
            raise LibraryError(error, "construct") from error
        self.stores[request["store"]] = (options, credential)
        return {}

    def put(self, request):
        self.token(request, "save")
        return {}

    def get(self, request):
        token = self.token(request, "load")
        return {"value": base64.b64encode(token.encode()).decode("ascii")}

    def token(self, request, phase):
        """Both directions of a credential are the same call: it saves what it fetches and loads what it saved."""
        _, credential = self.stores[request["store"]]
        extra = {"enable_cae": True} if request["partition"] == "cae" else {}
        try:
            return credential.get_token(request["scope"], **extra).token
        except Exception as error:
            raise LibraryError(error, phase) from error

    def remove(self, request):
        raise Unsupported("request:remove", "azure-identity has no call that removes a persisted token")

    def list(self, request):
        raise Unsupported("request:list", "azure-identity has no call that names what is persisted")

    def render(self, request):
        what = request["what"]
        if what == "last_error":
            if self.last_error is None:
                return {"text": ""}
            return {"text": "".join(traceback.format_exception(self.last_error))}
        if what == "debug_log":
            if self.log is None:
                raise Unsupported("render:debug_log", "hello did not ask for the log")
            return {"text": self.log.getvalue()}
        options, credential = self.stores[request["store"]]
        shown = options if what == "options" else credential
        return {"text": "\n".join([str(shown), repr(shown)])}

    def close(self, request):
        _, credential = self.stores.pop(request["store"])
        try:
            credential.close()
        except Exception as error:
            raise LibraryError(error, "close") from error
        return {}

    def bye(self, request):
        return {}

    def error(self, raised):
        """The `error` member of a reply: the native error, and the category that the statement declares for it."""
        self.last_error = raised.error
        chain = list(causes(raised.error))
        impossible = any("Cache encryption is impossible" in str(error) for error in chain)
        number = getattr(raised.error, "errno", None)
        return {
            "category": category(chain),
            "phase": "first_use" if impossible else raised.phase,
            "native": {
                "type": type(raised.error).__name__,
                "code": None if number is None else str(number),
                "message": str(raised.error),
                "chain": [type(error).__name__ + ": " + str(error) for error in chain[1:]],
            },
        }


def causes(error):
    """An exception and what it was raised from, outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def category(chain):
    """The first line of the declared map that any error of the chain matches."""
    for entry in STATEMENT["error_map"]:
        name, _, fragment = entry["native"].partition(": ")
        if any(type(error).__name__ == name and fragment in str(error) for error in chain):
            return entry["category"]
    return "other"


def answer(session, request):
    """The outcome of one request: exactly one of the four members of a reply."""
    kind = request.get("request")
    handlers = ("hello", "open", "put", "get", "remove", "list", "render", "close", "bye")
    try:
        if kind not in handlers:
            raise Unsupported("request:" + str(kind), "this adapter does not know the request")
        return {"ok": getattr(session, kind)(request)}
    except LibraryError as raised:
        return {"error": session.error(raised)}
    except Unsupported as unsupported:
        what, reason = unsupported.args
        return {"unsupported": {"what": what, "reason": reason, "issue": None}}
    except Exception as error:
        message = type(error).__name__ + ": " + str(error)
        return {"adapter_error": {"message": message, "trace": traceback.format_exc()}}


def main():
    tag = os.environ["SEALCHECK_TAG"].encode("ascii") + b" "
    session = Session()
    for line in sys.stdin.buffer:
        if not line.startswith(tag):
            continue
        request = json.loads(line[len(tag) :])
        reply = {"seq": request["seq"], **answer(session, request)}
        # What the library printed comes first, so that no reply stands inside a line of its output.
        sys.stdout.flush()
        sys.stdout.buffer.write(tag + json.dumps(reply).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()
        if request.get("request") == "bye":
            return


if __name__ == "__main__":
    main()
