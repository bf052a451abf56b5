"""Adapter for azure-identity: translates requests into calls of the library, and what it returns into replies.

It judges nothing, retries nothing, and sets nothing that a request does not ask for: an option that is absent from
`open` is not passed, so that the library's own default is what is tested. With `--asynchronous` the credentials are those
of `azure.identity.aio`, where it has them.
"""

import asyncio
import base64
import html.parser
import importlib.metadata
import inspect
import io
import json
import logging
import os
import signal
import ssl
import sys
import threading
import traceback
import urllib.parse
import urllib.request
import webbrowser

VERSION = "1"
HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "statement.json"), encoding="utf-8") as file:
    STATEMENT = json.load(file)
# The credentials that ask a user and give back a record of who that was.
ASKS_USER = ("device_code", "interactive")
# The asynchronous credentials live in one loop, as in an application.
LOOP = asyncio.new_event_loop()


class Unsupported(Exception):
    """The library cannot do what was asked."""


class LibraryError(Exception):
    """The library raised; `error` is what it raised and `phase` is when."""

    def __init__(self, error, phase):
        super().__init__()
        self.error = error
        self.phase = phase


class Browser:
    """What `webbrowser` opens: a user who signs in at the page, and whose browser does what the page says."""

    def __init__(self, ca_file):
        self.ca_file = ca_file

    def open(self, url, new=0, autoraise=True):
        # The library listens for the answer only after this returns.
        threading.Thread(target=self.sign_in, args=(url,), daemon=True).start()
        return True

    def sign_in(self, url):
        trusted = ssl.create_default_context(cafile=self.ca_file)
        page = urllib.request.urlopen(url, context=trusted, timeout=10).read().decode()
        form = Form()
        form.feed(page)
        answer = urllib.parse.urlencode(form.fields).encode("ascii")
        urllib.request.urlopen(form.action, data=answer, timeout=10).close()


class Form(html.parser.HTMLParser):
    """The only form of a page: where it is posted to, and its fields."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.fields = {}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input":
            self.fields[attributes["name"]] = attributes.get("value") or ""


class Store:
    """One handle: the options, the credential, and who signed in with it."""

    def __init__(self, options, credential, asks_user, record):
        self.options = options
        self.credential = credential
        self.asks_user = asks_user
        self.record = record

    def token(self, scope, extra):
        """A token, and the record of the user where one had to sign in."""
        if self.asks_user and self.record is None:
            # Both calls get a token and the library persists what either gets; this one also gives the record.
            self.record = self.credential.authenticate(scopes=[scope], **extra)
        return finished(self.credential.get_token(scope, **extra)).token

    def state(self):
        return {} if self.record is None else {"state": self.record.serialize()}


class Session:
    """One process life: opened stores, the last error, and the library's log where that was asked for."""

    def __init__(self, asynchronous):
        self.asynchronous = asynchronous
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
            "adapter": {"name": "python-azure-identity" + ("-aio" if self.asynchronous else ""), "version": VERSION},
            "statement": STATEMENT,
        }

    def open(self, request):
        kind = request.get("credential", "client_secret")
        if kind not in STATEMENT["credentials"]:
            raise Unsupported("credential:" + kind, "this adapter does not know the kind")
        authority = request["authority"]
        # These are read by the layers below the library, so they are set before it is imported.
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = authority["ca_file"]
        if "proxy" in authority:
            os.environ["HTTPS_PROXY"] = authority["proxy"]
        from azure import identity
        from azure.identity import aio

        # Those that ask a user are never asynchronous: an asynchronous application signs in with them as well.
        credentials = aio if self.asynchronous and kind not in ASKS_USER else identity

        record = None
        if kind in ASKS_USER and "state" in request:
            record = identity.AuthenticationRecord.deserialize(request["state"])
        try:
            options, given = None, {}
            if "options" in request:
                options = identity.TokenCachePersistenceOptions(**request["options"])
                given["cache_persistence_options"] = options
            if "proxy" not in authority:
                # Behind a proxy the public authority is what the library goes to by itself.
                given["disable_instance_discovery"] = True
                # Who signed in says where.
                if record is None:
                    given["authority"] = authority["url"]
            if kind in ASKS_USER:
                given["authentication_record"] = record
            credential = self.construct(credentials, kind, authority, given)
        except Exception as error:
            raise LibraryError(error, "construct") from error
        self.stores[request["store"]] = Store(options, credential, kind in ASKS_USER, record)
        return {}

    def construct(self, credentials, kind, authority, given):
        client, tenant = authority["client_id"], authority["tenant"]
        if kind == "client_secret":
            return credentials.ClientSecretCredential(tenant, client, authority["client_secret"], **given)
        if kind == "device_code":
            return credentials.DeviceCodeCredential(client, tenant_id=tenant, **given)
        if kind == "interactive":
            webbrowser.register("sealcheck", None, Browser(authority["ca_file"]), preferred=True)
            return credentials.InteractiveBrowserCredential(client_id=client, tenant_id=tenant, **given)
        return credentials.SharedTokenCacheCredential(**given)

    def put(self, request):
        self.token(request, "save")
        return self.stores[request["store"]].state()

    def get(self, request):
        token = self.token(request, "load")
        value = base64.b64encode(token.encode()).decode("ascii")
        return {"value": value, **self.stores[request["store"]].state()}

    def token(self, request, phase):
        """Both directions of a credential are the same call: it saves what it fetches and loads what it saved."""
        extra = {"enable_cae": True} if request["partition"] == "cae" else {}
        # Outside of what the library raises: a store that is not open is the adapter's affair.
        store = self.stores[request["store"]]
        try:
            return store.token(request["scope"], extra)
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
        store = self.stores[request["store"]]
        shown = store.options if what == "options" else store.credential
        return {"text": "\n".join([str(shown), repr(shown)])}

    def close(self, request):
        store = self.stores.pop(request["store"])
        try:
            finished(store.credential.close())
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


def finished(result):
    """What a call gave; of a call of an asynchronous credential, what it gives in the end."""
    return LOOP.run_until_complete(result) if inspect.isawaitable(result) else result


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
    # GIO ends a program by this signal when a bus hangs up (`exit-on-close`), so that nothing is left that could say what
    # the library makes of it. FINDINGS.md tells of it below the table.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tag = os.environ["SEALCHECK_TAG"].encode("ascii") + b" "
    session = Session("--asynchronous" in sys.argv[1:])
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
