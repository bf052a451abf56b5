#![doc = "See the module of the same name."]
#![no_main]

libfuzzer_sys::fuzz_target!(init: sealcheck_fuzz::seeds::plant("cache_name"), |bytes: &[u8]| {
    sealcheck_fuzz::cache_name::check(bytes);
});
