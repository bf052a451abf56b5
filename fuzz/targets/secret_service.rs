#![doc = "See the module of the same name."]
#![no_main]

libfuzzer_sys::fuzz_target!(init: sealcheck_fuzz::seeds::plant("secret_service"), |bytes: &[u8]| {
    sealcheck_fuzz::secret_service::check(bytes);
});
