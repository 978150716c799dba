"""``python -m social_login.demo PORT`` serves the provider until it is stopped."""

import sys

from social_login.demo.provider import DemoProvider
from social_login.demo.server import serve

if __name__ == "__main__":
    with serve(DemoProvider(), int(sys.argv[1]), "localhost") as server:
        server.serve_forever()
