"""The commands beside `serve`, one module each; `words` and `common` are what they share."""
