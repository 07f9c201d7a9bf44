# 1 "board.dts"
# 1 "<built-in>"
// SPDX-License-Identifier: LGPL-2.1-or-later
# 5 "board.dts" 2
&vm2_vdevs {
# 1 "gfx.dtsi" 1
 g: g {
  compatible = "vomx";
  #clone = "auto";
 };
# 9 "board.dts" 2
};
&vm3_vdevs { g { peer-phandle = <&g>; x-y; }; };
