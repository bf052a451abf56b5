#![doc = "See the module of the same name."]
#![no_main]

libfuzzer_sys::fuzz_target!(init: sealcheck_fuzz::seeds::plant("operations"), |bytes: &[u8]| {
    sealcheck_fuzz::operations::check(bytes);
});
