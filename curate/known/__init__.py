"""Images in; their facts and levels out, computed once and kept between runs."""
