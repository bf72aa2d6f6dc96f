def test_first(crawl, shop):
    f = crawl()
    print(f)
    print(crawl())
