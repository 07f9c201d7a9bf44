/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 32-bit program for a 64-bit x86 kernel, without a C library, since none for
 * 32 bits is at hand: asks how much can be read from descriptor 0, reads that and
 * writes it back. Its exit status is that number, or 255.
 */
#define SYS_EXIT	1
#define SYS_READ	3
#define SYS_WRITE	4
#define SYS_IOCTL	54
#define FIONREAD	0x541b

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

static long echo(void)
{
	static char buffer[128];
	int readable = -1;

	if (call(SYS_IOCTL, 0, FIONREAD, (long)&readable) || readable < 0 ||
	    readable > (int)sizeof(buffer))
		return 255;
	if (call(SYS_READ, 0, (long)buffer, readable) != readable ||
	    call(SYS_WRITE, 0, (long)buffer, readable) != readable)
		return 255;
	return readable;
}

void _start(void)
{
	call(SYS_EXIT, echo(), 0, 0);
	__builtin_unreachable();
}
