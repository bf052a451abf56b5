#![doc = "See the module of the same name."]
#![no_main]

libfuzzer_sys::fuzz_target!(init: sealcheck_fuzz::seeds::plant("canary_scanner"), |bytes: &[u8]| {
    sealcheck_fuzz::canary_scanner::check(bytes);
});
