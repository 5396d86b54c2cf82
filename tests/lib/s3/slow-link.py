#!/usr/bin/env python3
"""slow-link.py --to HOST:PORT [--rtt MS] [--bandwidth BYTES] [--listen PORT]
             [--port-file FILE] [--cut-after BYTES]

A TCP relay on 127.0.0.1 that looks like a long way: every byte arrives half
of --rtt later in each direction (throughput is not limited by that), a new
connection's first bytes one --rtt later still (its handshake), and at most
--bandwidth bytes a second pass each way. It does not look into the bytes, so
TLS goes through as it is. --cut-after resets a connection after that many
bytes from the server. Loopback only. The path to use when the kernel has no
netem (tc qdisc add ... netem: "qdisc kind is unknown").
"""
import argparse, asyncio, ipaddress, os, signal, socket, struct, sys

ap = argparse.ArgumentParser(usage=__doc__, add_help=False)
ap.add_argument("--to", required=True)
ap.add_argument("--rtt", type=float, default=100)
ap.add_argument("--bandwidth", type=float, default=0)
ap.add_argument("--listen", type=int, default=0)
ap.add_argument("--port-file")
ap.add_argument("--cut-after", type=int, default=0)
o = ap.parse_args()
host, _, port = o.to.split("//")[-1].rstrip("/").rpartition(":")
if host != "localhost" and not ipaddress.ip_address(host.strip("[]")).is_loopback:
    sys.exit("slow-link: %s is not on this machine" % o.to)


async def way(r, w, loop, extra, cut):
    q, one = asyncio.Queue(64), o.rtt / 2000

    async def send():
        free, total = 0.0, 0
        while True:
            due, d = await q.get()
            due = max(due, free)
            if o.bandwidth:
                free = due + len(d) / o.bandwidth
                due = free
            await asyncio.sleep(max(0, due - loop.time()))
            if not d:
                if w.can_write_eof():
                    w.write_eof()
                return
            total += len(d)
            if cut and total >= cut:
                w.write(d[:len(d) - (total - cut)])
                w.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                await asyncio.sleep(0.01)
                w.transport.abort()
                raise ConnectionError
            w.write(d)
            await w.drain()
    t = asyncio.ensure_future(send())
    try:
        while True:
            d = await r.read(16384)
            await q.put((loop.time() + one + extra, d))
            extra = 0
            if not d:
                break
        await t
    finally:
        t.cancel()


async def serve(r, w):
    loop, u = asyncio.get_running_loop(), None
    try:
        ur, u = await asyncio.open_connection(host.strip("[]"), int(port))
        await asyncio.gather(way(r, u, loop, o.rtt / 1000, 0), way(ur, w, loop, 0, o.cut_after))
    except (OSError, asyncio.CancelledError):
        pass
    finally:
        for x in (w, u):
            if x:
                x.close()


async def main():
    s = await asyncio.start_server(serve, "127.0.0.1", o.listen)
    p = s.sockets[0].getsockname()[1]
    if o.port_file:
        with open(o.port_file + ".new", "w") as f:
            f.write("%d\n" % p)
        os.rename(o.port_file + ".new", o.port_file)
    print("listening on 127.0.0.1:%d" % p, flush=True)
    end = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, end.set)
    await end.wait()
    os._exit(0)

asyncio.run(main())
