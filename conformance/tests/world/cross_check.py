"""Does what clients of a keyring do, through libsecret, and prints what came of each step."""

import re

import gi

gi.require_version("Secret", "1")
from gi.repository import GLib, Secret

CLIENT = {"MsalClientID": "Microsoft.Developer.IdentityService"}
SCHEMA = Secret.Schema.new(
    "msal.cache.nocae",
    Secret.SchemaFlags.NONE,
    {"MsalClientID": Secret.SchemaAttributeType.STRING},
)
OTHER = Secret.Schema.new("other.nocae", Secret.SchemaFlags.NONE, {"MsalClientID": Secret.SchemaAttributeType.STRING})


def step(name, act):
    try:
        shown = repr(act())
    except GLib.Error as error:
        shown = f"error {error.domain} {error.code}: {error.message}"
    # Numbers of items, sessions and prompts are nobody's promise, nor is the place of a socket.
    shown = re.sub(r"(/(?:collection/\w+|session|prompt)/)\w+", r"\1N", shown)
    print(f"{name}: {shown}")


def text(value):
    return value.get_text() if value is not None else None


def described(item):
    return (
        item.get_locked(),
        item.get_label(),
        sorted(item.get_attributes().items()),
        item.get_object_path(),
        item.get_schema_name(),
    )


def store(schema, value):
    return Secret.password_store_sync(schema, CLIENT, None, "MSALCache", value, None)


def read_alias(alias):
    return service.call_sync("ReadAlias", GLib.Variant("(s)", (alias,)), 0, -1, None).unpack()


def collections():
    """Those that the service lists; libsecret itself only logs it where the service cannot be asked."""
    call = GLib.Variant("(ss)", ("org.freedesktop.Secret.Service", "Collections"))
    bus = service.get_connection()
    answer = bus.call_sync(
        service.get_name(), service.get_object_path(), "org.freedesktop.DBus.Properties", "Get", call, None, 0, -1, None
    )
    service.load_collections_sync(None)
    return service.get_collections() or answer.unpack()


def found():
    flags = Secret.SearchFlags.ALL
    return service.search_sync(None, CLIENT, flags, None)


step("look up", lambda: Secret.password_lookup_sync(SCHEMA, CLIENT, None))
step("store", lambda: store(SCHEMA, "value"))
step("replace", lambda: store(SCHEMA, "other value"))
step("store under another schema", lambda: store(OTHER, "another value"))
step("look up again", lambda: Secret.password_lookup_sync(SCHEMA, CLIENT, None))
step("look up the other", lambda: Secret.password_lookup_sync(OTHER, CLIENT, None))

service = None


def connect():
    global service
    service = Secret.Service.get_sync(Secret.ServiceFlags.NONE, None)
    return service is not None


step("connect", connect)
if service is not None:
    step("open a session", lambda: service.ensure_session_sync(None))
    step("search", lambda: sorted(described(item) for item in found()))
    step(
        "collections",
        lambda: sorted(
            (collection.get_object_path(), collection.get_label(), collection.get_locked())
            for collection in collections()
        ),
    )
    step("alias", lambda: read_alias("default"))
    step("unknown alias", lambda: read_alias("nobody"))
    try:
        items = sorted(found(), key=lambda item: item.get_object_path())
    except GLib.Error:
        items = []
    for index, item in enumerate(items):
        step(f"item {index}: unlock", lambda: service.unlock_sync([item], None)[0])
        step(f"item {index}: load the secret", lambda: item.load_secret_sync(None))
        step(f"item {index}: secret", lambda: text(item.get_secret()))
        step(f"item {index}: content type", lambda: item.get_secret() and item.get_secret().get_content_type())
        step(f"item {index}: change the secret", lambda: item.set_secret_sync(Secret.Value.new("new", -1, "text/plain"), None))
        step(f"item {index}: change the label", lambda: item.set_label_sync("new", None))
        step(f"item {index}: change the attributes", lambda: item.set_attributes_sync(SCHEMA, CLIENT, None))
        step(f"item {index}: lock", lambda: service.lock_sync([item], None)[0])
        step(f"item {index}: delete", lambda: item.delete_sync(None))
    collection = None

    def default():
        global collection
        collection = Secret.Collection.for_alias_sync(service, "default", Secret.CollectionFlags.LOAD_ITEMS, None)
        return collection and (collection.get_object_path(), collection.get_label(), collection.get_locked())

    step("default collection", default)
    if collection is not None:
        step("unlock the collection", lambda: service.unlock_sync([collection], None)[0])
        step(
            "create an item",
            lambda: described(
                Secret.Item.create_sync(
                    collection, SCHEMA, CLIENT, "label", Secret.Value.new("value", -1, "text/plain"), 0, None
                )
            ),
        )
        step("search in the collection", lambda: len(collection.search_sync(SCHEMA, CLIENT, Secret.SearchFlags.ALL, None)))
        step("change the collection's label", lambda: collection.set_label_sync("new", None))
    step(
        "create a collection",
        lambda: Secret.Collection.create_sync(service, "new", None, Secret.CollectionCreateFlags.NONE, None),
    )
    step("lock nothing", lambda: service.lock_sync([], None))
step("clear", lambda: Secret.password_clear_sync(SCHEMA, CLIENT, None))
step("clear again", lambda: Secret.password_clear_sync(SCHEMA, CLIENT, None))
step("look up at last", lambda: Secret.password_lookup_sync(SCHEMA, CLIENT, None))
