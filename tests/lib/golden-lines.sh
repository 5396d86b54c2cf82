#!/bin/sh
# golden-lines.sh warm|hot - the points of the golden directory: every kind of value, stamp and name in few lines.
case $1 in
warm)
	awk 'BEGIN {
		for (i = 0; i < 300; i++) {
			t = 1700000000 + i * 10
			printf "regular.gauge %d.%02d %d000\n", 20 + i * 7 % 5, i * 37 % 100, t
			printf "jittered.counter{host=\"a\"} %d %d%03d\n", i * i * 3, t, i * 7919 % 1000
			printf "constant 4.25 %d000\n", t
			a = 10000000 + i * 765432 % 8999999
			b = 1000000 + i * 123457 % 8999999
			printf "float 0.%d%d %d000\n", a, b, t
			printf "few.values %s %d000\n", i % 3 == 0 ? "0.5" : i % 3 == 1 ? "1e30" : "-7.5", t
		}
	}'
	cat <<-'END'
	{"odd name",k="v\"\\"} 1 -62135596800000
	special NaN 1700000000001
	special +Inf 1700000000002
	special -Inf 1700000000003
	special -0 1700000000004
	special 5e-324 1700000000005
	special 1.7976931348623157e308 1700000000006
	far 1 -9223372036854775808
	far 2 9223372036854775807
	END
	;;
hot)
	cat <<-'END'
	constant 5 1700000010000
	special 0.1 1700000000003
	hot.only{a="1",b="2"} 12345678901234567890 1700000000123
	hot.only{a="1",b="2"} 0.30000000000000004 1700000000456
	END
	;;
esac
