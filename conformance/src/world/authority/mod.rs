//! A fake token authority over TLS on loopback.
