"""The proxy, with room for a class: ``python -m deploy.hub.proxy`` is configurable-http-proxy with
other limits.

By itself it has 10 requests under way at a time, and drops one that takes 20 seconds. A login's
progress bar and the button Autograde are such requests.
"""

from configurable_http_proxy.cli import main
from tornado.httpclient import AsyncHTTPClient

AT_A_TIME = 500
LONGEST_MILLISECONDS = 1_800_000

if __name__ == "__main__":
    AsyncHTTPClient.configure(None, max_clients=AT_A_TIME, defaults={"connect_timeout": 120})
    main(default_map={"proxy_timeout": LONGEST_MILLISECONDS})
