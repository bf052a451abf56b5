"""Opens the Python SDK's persistent cache as its credentials do, and prints one access token.

The argument says whether plaintext is allowed. The function that opens has no public name; every credential calls it.
"""

import sys

from azure.identity import TokenCachePersistenceOptions
from azure.identity._persistent_cache import _load_persistent_cache
from msal import TokenCache

options = TokenCachePersistenceOptions(name="cost", allow_unencrypted_storage=sys.argv[1] == "plaintext")
cache = _load_persistent_cache(options)
query = {"environment": "login.microsoftonline.com", "client_id": "00000000-0000-0000-0000-000000000000"}
tokens = list(cache.search(TokenCache.CredentialType.ACCESS_TOKEN, query=query))
print(tokens[0]["secret"])
