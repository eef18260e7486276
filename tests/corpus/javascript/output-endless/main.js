for (;;)
    console.log("again");
