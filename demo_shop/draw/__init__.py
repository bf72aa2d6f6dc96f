"""Drawing garments: a sketch and a seed in; pixels out."""
