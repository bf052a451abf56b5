# Without these the adapter cannot run on this machine, which is what 89 says.
for program in base64 jq secret-tool; do
    command -v "$program" > /dev/null || exit 89
done

answer_hello() {
    if [ "$(member '.protocol | index(1)')" = null ]; then
        unsupported protocol "this adapter speaks version 1"
        return
    fi
    # secret-tool does not say its own version.
    version=$(dpkg-query -W -f '${Version}' libsecret-tools 2> /dev/null || echo unknown)
    jq --arg version "$version" '{
        protocol: 1,
        implementation: {name: "secret-tool", version: $version},
        adapter: {name: "sh-secret-tool", version: "1"},
        statement: .
    }' "$here/statement.json" | reply ok
}

answer_bye() {
    echo '{}' | reply ok
}

# The open stores: an object from their handles to their options.
stores='{}'

answer_open() {
    if [ "$(member '.options.name // "" | explode | index(0)')" != null ]; then
        unsupported options.name "an argument of a program cannot hold a zero byte"
        return
    fi
    # secret-tool has no plaintext, so there is nothing that `allow_unencrypted_storage` could allow.
    stores=$(printf '%s\n' "$request" | jq -c --argjson stores "$stores" '$stores + {(.store): .options}')
    echo '{}' | reply ok
}

# Sets `cache`, the attribute by which the item is found; without such a store, replies and fails.
find_cache() {
    cache=$(printf '%s\n' "$request" | jq -r --argjson stores "$stores" '
        (.partition // "nocae") as $suffix | $stores[.store] | values | "\(.name // "msal.cache").\($suffix)"')
    if [ -z "$cache" ]; then
        echo '{"message": "no such store is open"}' | reply adapter_error
        return 1
    fi
}

# Replies with what secret-tool said, in the category that the statement's map gives it. A bus that goes away ends
# secret-tool with a signal, which the shell adds to 128.
library_error() {
    last_error=$message
    jq --arg phase "$1" --arg code "$status" --arg message "$message" '
        (if ($code | tonumber) > 128 then "signal" elif $message == "" then "silence" else "secret-tool" end) as $type |
        first(
            .error_map[] | (.native | split(": ")) as [$of, $part] |
            select($of == $type and ($message | contains($part // ""))) | .category
        ) // "other" |
        {category: ., phase: $phase, native: {type: $type, code: $code, message: $message}}
    ' "$here/statement.json" | reply error
}

answer_put() {
    find_cache || return
    message=$(printf '%s\n' "$request" | jq -r .value | base64 -d |
        secret-tool store --label="Token cache" -- application sealcheck cache "$cache" 2>&1)
    status=$?
    if [ "$status" -eq 0 ]; then
        echo '{}' | reply ok
    else
        library_error save
    fi
}

answer_get() {
    find_cache || return
    message=$(secret-tool lookup application sealcheck cache "$cache" 2>&1 > /dev/null)
    status=$?
    if [ "$status" -eq 0 ]; then
        # The shell cannot hold a value: it would drop zero bytes and line ends.
        secret-tool lookup application sealcheck cache "$cache" | base64 -w 0 | jq -Rs '{value: .}' | reply ok
    elif [ "$status" -eq 1 ] && [ -z "$message" ]; then
        echo '{"value": null}' | reply ok
    else
        library_error load
    fi
}

answer_remove() {
    find_cache || return
    message=$(secret-tool clear application sealcheck cache "$cache" 2>&1)
    status=$?
    if [ "$status" -eq 0 ]; then
        echo '{}' | reply ok
    else
        library_error save
    fi
}

answer_render() {
    case $(member .what) in
        '"last_error"') jq -n --arg text "${last_error-}" '{text: $text}' | reply ok ;;
        *) unsupported "render:$(member .what)" "secret-tool has messages, and no other text" ;;
    esac
}

answer_close() {
    find_cache || return
    stores=$(printf '%s\n' "$request" | jq -c --argjson stores "$stores" '.store as $store | $stores | del(.[$store])')
    echo '{}' | reply ok
}
