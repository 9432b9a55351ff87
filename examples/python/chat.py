"""A chat in the terminal: the pattern for a Python client.

    apt-get install python3-socketio python3-websocket
    PASSWORD='correct horse' python3 examples/python/chat.py alice bob [http://localhost:3000]

Registers alice if need be, prints what is written to her, and sends each line of standard input to bob.
"""
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

import socketio

if len(sys.argv) < 3 or "PASSWORD" not in os.environ:
    sys.exit("usage: PASSWORD=… python3 chat.py <me> <peer> [url]")
me, peer = sys.argv[1:3]
url = sys.argv[3] if len(sys.argv) > 3 else "http://localhost:3000"


def post(path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


class Tokens:
    """A login, and an access token that is never an old one."""

    def __init__(self, username, password):
        credentials = {"username": username, "password": password}
        try:
            self.keep(post("/auth/login", credentials))
        except urllib.error.HTTPError:
            self.keep(post("/auth/register", credentials))

    def keep(self, pair):
        self.pair = pair
        self.refresh_at = time.monotonic() + pair["expiresIn"] / 2

    def access_token(self):
        if time.monotonic() >= self.refresh_at:
            try:
                self.keep(post("/auth/refresh", self.pair))
            except OSError:
                pass  # the old one has to do: the server says what is wrong with it
        return self.pair["accessToken"]


def say(line):
    """Whole lines: handlers run on threads of their own, and `print` writes a line and its end one after the other."""
    # What the terminal cannot show (half a surrogate pair, a script that its encoding lacks) it shows escaped.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


sio = socketio.Client()
books = threading.Lock()  # of the three below: every event and every answer is handled on a thread of its own
seen = {}  # ids of messages, in the order of their arrival
reached = {}  # channel -> the offset to ack
acking = set()  # channels with an ack under way


@sio.on("session")
def on_session(session):
    with books:
        acking.clear()
    say(f"* node {session['nodeId']}, {session['channels']['chat']['unread']} unread")


def keep_fresh():
    """A connection ends with its token: half-way there it is handed a fresh one."""
    while True:
        time.sleep(max(0.1, tokens.refresh_at - time.monotonic()))
        try:
            if sio.connected:
                sio.emit("auth:refresh", {"token": tokens.access_token()})
        except socketio.exceptions.SocketIOError:
            pass  # not connected now: the next connection brings a fresh one


@sio.on("message")
def on_message(message):
    # At least once: what was not acked before a connection broke comes again. The id tells.
    with books:
        if message["id"] not in seen:
            show(message)
        seen[message["id"]] = True
        if len(seen) > 10_000:
            del seen[next(iter(seen))]
        # Threads may pass each other; a list on a screen would be sorted by offset.
        reached[message["channel"]] = max(reached.get(message["channel"], "0-0"), message["offset"], key=position)
        ack(message["channel"])


def show(message):
    """A body is any JSON. What cannot be shown is acked all the same, or it would come again at every start."""
    body = message["body"]
    text = body.get("text") if isinstance(body, dict) else None
    try:
        say(f"{message['from']}: {text if isinstance(text, str) else json.dumps(body)}")
    except (ValueError, RecursionError) as error:
        say(f"* a message of {message['from']} cannot be shown: {type(error).__name__}")


def position(offset):
    milliseconds, sequence = offset.split("-")
    return int(milliseconds), int(sequence)


def ack(channel):
    """Acks are cumulative: one is under way per channel, and the next covers all that came meanwhile."""
    if channel in acking:
        return
    acking.add(channel)
    offset = reached[channel]

    def answered(_answer):
        with books:
            acking.discard(channel)
            if reached[channel] != offset:
                ack(channel)

    # Not `call`: a handler runs on the thread that reads, and would wait for itself.
    sio.emit("inbox:ack", {"channel": channel, "offset": offset}, callback=answered)


@sio.on("session:end")
def on_session_end(end):
    if end["reason"] == "token_expired":
        # Asleep past its token's end. The library stays away after this, so the way back is ours.
        threading.Thread(target=come_back, daemon=True).start()
    elif not end["reconnect"]:
        say(f"* ended: {end['reason']}")
        os._exit(1)


def come_back():
    while True:
        time.sleep(1)
        if sio.connected:
            return
        try:
            connect()
        except socketio.exceptions.SocketIOError as error:
            say(f"* not connected: {error}")


@sio.event
def connect_error(error):
    say(f"* not connected: {error['message'] if isinstance(error, dict) else error}")


@sio.event
def disconnect():
    say("* disconnected")


def send(text):
    """The same clientId at every try: a message whose answer was lost is stored once."""
    message = {"to": peer, "body": {"text": text}, "clientId": str(uuid.uuid4())}
    while True:
        try:
            answer = sio.call("message:send", message, timeout=5)
            if answer["ok"]:
                return say(f"* stored at {answer['offset']}")
            if not answer["error"]["retryable"]:
                return say(f"* not sent: {answer['error']['message']}")
        except socketio.exceptions.SocketIOError:
            pass  # not connected now, or no answer in time
        time.sleep(1)


def connect():
    # A function: it is asked again at every reconnect. A dict would be sent as it is for ever, its token long expired.
    sio.connect(
        url,
        auth=lambda: {"token": tokens.access_token(), "deviceId": f"{me}-terminal"},
        transports=["websocket"],
        wait_timeout=10,
    )


tokens = Tokens(me, os.environ["PASSWORD"])
connect()
threading.Thread(target=keep_fresh, daemon=True).start()
for line in sys.stdin:
    send(line.rstrip("\n"))
sio.disconnect()
