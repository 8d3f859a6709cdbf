"""Importing this starts a thread, which makes a template unfit for forking."""

import threading

threading.Thread(target=threading.Event().wait, name="stranger", daemon=True).start()
