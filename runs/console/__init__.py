"""The run page and the runtime page of the console: view models (pure) and the views that show them."""
