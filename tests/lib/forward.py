"""A proxy for tests: HTTP (CONNECT), the same behind TLS, or SOCKS5. Wherever it
is asked to go, it goes to one port of this machine; what it was asked, and every
byte that a client sent, is kept."""
import base64
import socket
import ssl
import struct
import threading


class Proxy:
    def __init__(self, kind, port, cert=None, key=None, password=None):
        self.kind, self.target, self.password = kind, port, password
        self.asked, self.seen = [], b""
        self.context = None
        if kind == "https":
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            if self.context is not None:
                client = self.context.wrap_socket(client, server_side=True)
            if self.socks(client) if self.kind == "socks5" else self.connect(client):
                self.relay(client, socket.create_connection(("127.0.0.1", self.target)))
        except OSError:
            pass
        finally:
            client.close()

    def receive(self, client, length=65536):
        data = client.recv(length)
        self.seen += data
        return data

    def connect(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.receive(client)
            if not piece:
                return False
            head += piece
        self.asked.append(head.split(b"\r\n")[0].decode())
        if self.password is not None:
            wanted = b"Proxy-Authorization: Basic " + base64.b64encode(self.password.encode())
            if wanted not in head:
                client.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                return False
        client.sendall(b"HTTP/1.1 200 Established\r\nX-Proxy: yes\r\n\r\n")
        return True

    def socks(self, client):
        _, n_methods = self.receive(client, 2)
        self.receive(client, n_methods)
        client.sendall(b"\x05\x00")
        _, _, _, address = self.receive(client, 4)
        assert address == 3, "a name was to be resolved here"
        name = self.receive(client, self.receive(client, 1)[0]).decode()
        (port,) = struct.unpack(">H", self.receive(client, 2))
        self.asked.append(f"{name}:{port}")
        client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        return True

    def relay(self, client, server):
        def back():
            try:
                while data := server.recv(65536):
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        threading.Thread(target=back, daemon=True).start()
        while data := self.receive(client):
            server.sendall(data)
        server.close()
