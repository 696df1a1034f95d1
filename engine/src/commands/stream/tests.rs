//! Tables of requests and replies, and streams against a model.
