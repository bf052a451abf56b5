#![doc = "See the module of the same name."]
#![no_main]

libfuzzer_sys::fuzz_target!(init: sealcheck_fuzz::seeds::plant("bus_address"), |bytes: &[u8]| {
    sealcheck_fuzz::bus_address::check(bytes);
});
