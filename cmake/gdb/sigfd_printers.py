"""Pretty printers of sigfd for gdb.

    (gdb) source /usr/share/sigfd/gdb/sigfd_printers.py

prints signal_info and signal_mask as operator<< does, and of a signal_fd what
it watches and how it stands:

    (gdb) print info
    $1 = SIGTERM from pid 4242 (uid 1000) by kill
    (gdb) print mask
    $2 = {SIGINT, SIGTERM}
    (gdb) print signals
    $3 = open for {SIGINT, SIGTERM}, kernel source, descriptor 7, 1 wait, \
0 undelivered, 0 dropped

They only read memory and call nothing in the program, so they work on a core
dump, too. For gdb 13 or newer, with the symbols of g++ or clang (-g), and with
libstdc++ or libc++.
"""

import gdb
import gdb.printing

# The numbers of most architectures (signal(7)).
SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV = 4, 5, 7, 8, 11
SIGCHLD, SIGPOLL, SIGSYS = 17, 29, 31
NAMES = (
    "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT",
    "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE",
    "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",
    "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ",
    "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS")
LAST_NUMBER = 64

# Codes (sigaction(2)).
SI_USER, SI_KERNEL = 0, 0x80
SI_QUEUE, SI_TIMER, SI_MESGQ, SI_ASYNCIO = -1, -2, -3, -4
SI_SIGIO, SI_TKILL, SI_ASYNCNL = -5, -6, -60
CLD_EXITED, CLD_DUMPED, CLD_CONTINUED = 1, 3, 6
LAST_POLL_CODE = 6
LAST_CODE = {SIGILL: 11, SIGFPE: 15, SIGSEGV: 10, SIGBUS: 5, SIGTRAP: 6,
             SIGCHLD: 6, SIGPOLL: 6, SIGSYS: 2}

# What the text says at its end about what made the signal.
CAUSES = {SI_USER: " by kill", SI_TKILL: " by tgkill", SI_QUEUE: " by sigqueue",
          SI_MESGQ: " by message queue", SI_ASYNCIO: " by asynchronous I/O",
          SI_ASYNCNL: " by asynchronous I/O"}

CHANGES = {1: " exited with status ", 2: " killed by ", 3: " killed by ",
           4: " trapped by ", 5: " stopped by ", 6: " continued"}


def first_realtime_number():
    """SIGRTMIN, which is a function of the C library."""
    try:
        fields = gdb.lookup_type("sigset_t").strip_typedefs().fields()
        return 35 if fields[0].name == "__bits" else 34  # musl, glibc
    except gdb.error:
        return 34


def is_number(number):
    return 1 <= number <= LAST_NUMBER


def name_of(number):
    if not is_number(number):
        return "unknown signal"
    if number < len(NAMES):
        return NAMES[number]
    offset = number - first_realtime_number()
    if offset < 0:
        return "reserved signal"
    return f"SIGRTMIN+{offset}" if offset > 0 else "SIGRTMIN"


def layout_of(number, code):
    """Which members are valid, as the kernel has it."""
    if code == SI_TIMER:
        return "timer"
    if code == SI_SIGIO:
        return "poll"
    if code < 0:
        return "queue"
    if code == SI_USER or code >= SI_KERNEL:
        return "kill"
    if code > LAST_CODE.get(number, 0):
        return "poll" if code <= LAST_POLL_CODE else "kill"
    return {SIGCHLD: "child", SIGPOLL: "poll",
            SIGSYS: "system call"}.get(number, "fault")


def signed(value):
    """An unsigned 32-bit member as the int that it stands for."""
    return (int(value) + 2**31) % 2**32 - 2**31


def seconds(ticks):
    """Clock ticks, of which there are 100 a second for every program."""
    return f"{ticks // 100}.{ticks % 100:02} s"


def describe_child(record, code):
    status = int(record["ssi_status"])
    text = (f": child {signed(record['ssi_pid'])}"
            f" (uid {int(record['ssi_uid'])}){CHANGES[code]}")
    if code == CLD_EXITED:
        text += str(status)
    elif code != CLD_CONTINUED:
        text += name_of(status)
    if code == CLD_DUMPED:
        text += ", core dumped"
    return (f"{text}, {seconds(int(record['ssi_utime']))} user"
            f" {seconds(int(record['ssi_stime']))} system")


def describe_sender(record, layout, code):
    pid = signed(record["ssi_pid"])
    if layout in ("kill", "queue") and pid != 0:
        attested = code >= 0 or code == SI_TKILL
        return (f" from pid {pid} (uid {int(record['ssi_uid'])}"
                + (")" if attested else ", not attested)"))
    if code == SI_KERNEL:
        return " from the kernel"
    return " from an unknown sender"


def describe(record):
    """The line that operator<< prints."""
    number = signed(record["ssi_signo"])
    if number == 0:
        return "no signal"
    code = int(record["ssi_code"])
    layout = layout_of(number, code)
    text = name_of(number)
    if not is_number(number):
        text += f" {number}"
    if layout == "child":
        text += describe_child(record, code)
    elif layout == "timer":
        overrun = signed(record["ssi_overrun"])
        text += (f": timer {signed(record['ssi_tid'])} expired, {overrun}"
                 f" overrun{'' if overrun == 1 else 's'}")
    elif layout == "poll" and (code == SI_SIGIO or number == SIGPOLL
                               or number not in LAST_CODE):
        text += (f": descriptor {int(record['ssi_fd'])} ready, band"
                 f" {int(record['ssi_band']):#x}")
    elif layout == "fault":
        text += f": fault at {int(record['ssi_addr']):#x}"
    elif layout == "system call":
        text += (f": system call {int(record['ssi_syscall'])} stopped at"
                 f" {int(record['ssi_call_addr']):#x}, architecture"
                 f" {int(record['ssi_arch']):#x}")
    else:
        text += describe_sender(record, layout, code)
        if code in CAUSES:
            text += CAUSES[code]
        elif code != SI_KERNEL:
            text += f" with code {code}"
    if layout == "timer" or (layout == "queue" and code != SI_TKILL):
        text += f", value {int(record['ssi_int'])}"
    return text


def describe_mask(mask):
    native = mask["set_"]
    words = native[native.type.strip_typedefs().fields()[0]]
    bits = 8 * words.type.strip_typedefs().target().sizeof
    numbers = (n for n in range(1, LAST_NUMBER + 1)
               if int(words[(n - 1) // bits]) >> (n - 1) % bits & 1)
    return "{" + ", ".join(map(name_of, numbers)) + "}"


def member(value, *names):
    """The member of whichever of these names there is, as standard libraries
    differ."""
    for name in names:
        try:
            return value[name]
        except gdb.error:
            pass
    raise gdb.error(f"{value.type} has no member {' or '.join(names)}")


def pointee(pointer):
    return None if int(pointer) == 0 else pointer.dereference()


def load(atomic):
    """The number in a std::atomic."""
    try:
        return int(member(atomic, "_M_i"))  # libstdc++
    except gdb.error:
        return int(member(atomic, "__a_")["__a_value"])  # libc++


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def describe_signalfd(signals):
    # Made when it is needed: never so in an object that was moved from.
    holder = pointee(member(signals["holder_"], "_M_ptr", "__ptr_"))
    impl = None if holder is None else pointee(holder["impl"]["px"])
    if impl is None:
        return "not open"
    if load(impl["generation_"]) & 1:
        return "not open"
    source = impl["source_"]
    is_pipe = bool(source["is_pipe_"])
    descriptor = int(source["pipe_" if is_pipe else "kernel_"]["fd_"])
    queues = member(impl["store_"]["queues_"], "_M_elems", "__elems_")
    first, last = queues.type.strip_typedefs().range()
    undelivered = sum(int(queues[i]["count"]) for i in range(first, last + 1))
    return (f"open for {describe_mask(impl['signals_'])},"
            f" {'pipe' if is_pipe else 'kernel'} source,"
            f" descriptor {descriptor}, {count(int(impl['waits_']), 'wait')},"
            f" {undelivered} undelivered, {load(impl['dropped_'])} dropped")


def printer_of(function):
    """The class of a printer that shows what the function returns."""

    class Printer:
        def __init__(self, value):
            self.value = value

        def to_string(self):
            try:
                return function(self.value)
            except (gdb.error, RuntimeError, KeyError) as error:
                # Not in memory, or of a version that has other members.
                return f"<cannot be read: {error}>"

    return Printer


def make_printers():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("sigfd")
    printers.add_printer("signal_info", "^sigfd::signal_info$",
                         printer_of(lambda info: describe(info["record_"])))
    printers.add_printer("signal_mask", "^sigfd::signal_mask$",
                         printer_of(describe_mask))
    printers.add_printer("signal_fd", "^sigfd::basic_signalfd<.*>$",
                         printer_of(describe_signalfd))
    return printers


# For everything that is debugged from now on; again when it is loaded again.
gdb.printing.register_pretty_printer(None, make_printers(), replace=True)
