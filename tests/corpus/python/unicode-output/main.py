print("žluťoučký kůň", "馬", "🐎", "\u0000|", ascii("ů"))
