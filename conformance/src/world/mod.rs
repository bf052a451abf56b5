//! Everything around the implementation under test: home, environment, bus, keyring, token authority, clock.

pub mod authority;
pub mod bus;
pub mod client;
pub mod condition;
pub mod sandbox;
pub mod secret_service;
