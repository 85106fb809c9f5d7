"""How what runs on this machine is reached from the browser, and kept from others."""
