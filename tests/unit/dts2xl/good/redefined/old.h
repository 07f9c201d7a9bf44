&vm2_vdevs { g: old { compatible = "vogl"; info = "vumem-mem=1M"; }; };
