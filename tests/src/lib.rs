//! The tests are in `tests/`: `tidy` checks the rules of the tree, the others need a daemon.
