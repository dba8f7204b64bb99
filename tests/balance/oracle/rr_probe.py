from oracle import Oracle
cases = {"eq3":[1,1,1],"w321":[3,2,1],"w10_1":[10,1],"w21":[2,1],"w123":[1,2,3],"w532":[5,3,2],"w4444":[4]*4,"w7_3_11":[7,3,11],"w1_1_5":[1,1,5],"w100_50_25":[100,50,25], "w256_1":[256,1], "w9_2_2_1":[9,2,2,1]}
for algo in ("roundrobin","static-rr","leastconn"):
    o = Oracle({n:(f"balance {algo}",[f"weight {w}" for w in ws]) for n,ws in cases.items()})
    for n,ws in cases.items():
        k = min(2*sum(ws),60)
        print(algo,n,ws,"".join(str(x) for x in o.picks(n,[("GET","/",{},None)]*k)))
    o.close()
