//! The driver: bytes between the engine and the world.
